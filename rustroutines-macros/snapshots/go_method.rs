fn expression() {
    match (x, 1) {
        (mut this, a0) => {
            __::go(
                __::Option::None,
                move || {
                    __::routine(async move {
                        (match (this.f(a0),) {
                            v => {
                                match __::probe() {
                                    k => {
                                        if false {
                                            __::tag(k, &v).rustroutines_learn()
                                        }
                                        match k.branch() {
                                            __::Branch::Now(t) => t.get(v),
                                            #[allow(unreachable_code)]
                                            __::Branch::Later(t) => t.start(v).await,
                                        }
                                    }
                                }
                            }
                        })
                    })
                },
            )
        }
    }
}
