fn f<'routine, 'r0: 'routine>(
    x: &'r0 X,
) -> __::LocalBoxed<'routine, <fn() -> ! as __::Returns>::Type> {
    __::local_boxed(
        __::at_once(move || -> ! {
            let _ = &x;
            let c = || g(x);
            loop {}
        }),
    )
}
