fn f<'r0>(x: &'r0 X) -> __::LocalBoxed<'r0, <fn() -> ! as __::Returns>::Type> {
    __::local_boxed(
        __::at_once(move || -> ! {
            let _ = &x;
            let c = || g(x);
            loop {}
        }),
    )
}
