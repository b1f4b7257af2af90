fn f() -> impl __::Suspend<Output = Result<u8, E>> {
    __::routine(async move {
        let output: Result<u8, E> = {
            if false {
                return __::never::<Result<u8, E>>();
            }
            use __::PlainValue as _;
            use __::PlainType as _;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            let n: u8 = (
                match (match (g(),) {
                    v => __::wanted::<u8, _>(&v).rustroutines_branch(v),
                }) {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                },
            )
                .0;
            if n
                == (match __::Value((h(),)).rustroutines_branch() {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                })
            {
                return Err(
                    (
                        match (match (k(n),) {
                            v => __::wanted::<E, _>(&v).rustroutines_branch(v),
                        }) {
                            #[allow(unreachable_code)]
                            s => if s.later { s.start().await } else { s.get() }
                        },
                    )
                        .0,
                );
            }
            match n {
                #[allow(
                    unreachable_code,
                    clippy::diverging_sub_expression,
                    clippy::unnecessary_operation
                )]
                0 => {
                    Ok(
                        (
                            match (match (g(),) {
                                v => __::wanted::<u8, _>(&v).rustroutines_branch(v),
                            }) {
                                #[allow(unreachable_code)]
                                s => if s.later { s.start().await } else { s.get() }
                            },
                        )
                            .0,
                    )
                }
                _ => {
                    #[allow(
                        unreachable_code,
                        clippy::diverging_sub_expression,
                        clippy::unnecessary_operation
                    )]
                    (
                        match (match (k(n),) {
                            v => {
                                __::wanted::<Result<u8, E>, _>(&v).rustroutines_branch(v)
                            }
                        }) {
                            #[allow(unreachable_code)]
                            s => if s.later { s.start().await } else { s.get() }
                        },
                    )
                        .0
                }
            }
        };
        #[allow(unreachable_code)] output
    })
}
