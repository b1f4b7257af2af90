fn f(x: u32) -> impl __::Suspend<Output = u32> + __::Send {
    __::routine(async move {
        let output: u32 = {
            let _ = &x;
            if false {
                return __::never::<u32>();
            }
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            (match (g(x),) {
                v => {
                    match __::probe() {
                        k => {
                            if false {
                                __::wanted_tag::<_, u32, _>(k, &v).rustroutines_learn()
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
        };
        #[allow(unreachable_code)] output
    })
}
