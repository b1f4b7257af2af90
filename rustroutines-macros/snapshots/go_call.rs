fn expression() {
    match (x, 1) {
        (a0, a1) => {
            __::go(
                __::Option::Some(__::name("name")),
                move || match (f(a0, a1),) {
                    v => {
                        match __::probe() {
                            k => {
                                if false {
                                    __::tag(k, &v).rustroutines_learn()
                                }
                                k.operation(v)
                            }
                        }
                    }
                },
            )
        }
    }
}
