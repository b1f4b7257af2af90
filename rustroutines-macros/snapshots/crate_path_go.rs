fn expression() {
    rr::__private::go(
        rr::__private::Option::None,
        move || rr::__private::routine(async move { suspend!(@ crate [rr] { f() }) }),
    )
}
