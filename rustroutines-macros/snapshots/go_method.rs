fn expression() {
    match (x, 1) {
        (mut this, a0) => {
            __::go(
                __::Option::None,
                move || {
                    __::routine(async move {
                        use __::PlainValue as _;
                        (match __::Value((this.f(a0),)).rustroutines_branch() {
                            #[allow(unreachable_code)]
                            s => if s.later { s.start().await } else { s.get() }
                        })
                    })
                },
            )
        }
    }
}
