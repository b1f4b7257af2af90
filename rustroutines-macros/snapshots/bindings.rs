fn f() -> impl __::Suspend<Output = ()> {
    __::routine(async move {
        let output: () = {
            if false {
                return __::never::<()>();
            }
            use __::PlainValue as _;
            use __::PlainType as _;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            let Some(n) = (match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            }) else {
                return (
                    match (match (h(),) {
                        v => __::wanted::<(), _>(&v).rustroutines_branch(v),
                    }) {
                        #[allow(unreachable_code)]
                        s => if s.later { s.start().await } else { s.get() }
                    },
                )
                    .0;
            };
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            let m = (match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            });
            match m {
                #[allow(
                    unreachable_code,
                    clippy::diverging_sub_expression,
                    clippy::unnecessary_operation
                )]
                1 if (match __::Value((h(),)).rustroutines_branch() {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                }) => {
                    (
                        match (match (g(),) {
                            v => __::wanted::<(), _>(&v).rustroutines_branch(v),
                        }) {
                            #[allow(unreachable_code)]
                            s => if s.later { s.start().await } else { s.get() }
                        },
                    )
                        .0
                }
                _ => {}
            }
        };
        #[allow(unreachable_code)] output
    })
}
