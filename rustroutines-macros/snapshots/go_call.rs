fn expression() {
    match (x, 1) {
        (a0, a1) => {
            __::go(
                __::Option::Some(__::name("name")),
                move || {
                    use __::PlainValue as _;
                    __::Value((f(a0, a1),)).rustroutines_operation()
                },
            )
        }
    }
}
