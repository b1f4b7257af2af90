fn f(x: u32) -> impl __::Suspend<Output = Box<X>> + __::Send {
    __::at_once_on_any_thread(move || -> Box<X> {
        let _ = &x;
        let c = || g(x);
        Some(x.into());
        Box::new(async { g(x) })
    })
}
