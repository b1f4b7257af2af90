fn expression() {
    __::go(
        __::Option::None,
        move || __::routine(async move {
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            (match (f(x),) {
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
        }),
    )
}
