fn f(
    mut a: A,
    p1: B,
    unused: D,
    p3: E,
) -> impl __::Suspend<Output = <fn() -> ! as __::Returns>::Type> + __::Send {
    __::may_change_threads(async move {
        let _ = &p3;
        let _ = &p1;
        let _ = &a;
        let (b, c) = p1;
        let unused = unused;
        g!(a, b, c)
    })
}
