fn f(x: &X) -> impl __::Suspend<Output = ()> {
    __::routine(async move {
        let output: () = {
            let _ = &x;
            if false {
                return __::never::<()>();
            }
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            #[cfg(feature = "a")]
            (match (x.g(1),) {
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
            });
        };
        #[allow(unreachable_code)] output
    })
}
