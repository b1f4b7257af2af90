fn f(x: X) -> impl __::Suspend<Output = ()> {
    __::routine(async move {
        let output: () = {
            let _ = &x;
            if false {
                return __::never::<()>();
            }
            use __::PlainValue as _;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (
                match __::Value((
                        g(
                            &(
                                (match __::Value((x.borrow(),)).rustroutines_branch() {
                                    #[allow(unreachable_code)]
                                    s => if s.later { s.start().await } else { s.get() }
                                }),
                            )
                                .0,
                            &((
                                (match __::Value((h(),)).rustroutines_branch() {
                                    #[allow(unreachable_code)]
                                    s => if s.later { s.start().await } else { s.get() }
                                }),
                            )
                                .0),
                        ),
                    ))
                    .rustroutines_branch()
                {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                },
            )
                .0;
        };
        #[allow(unreachable_code)] output
    })
}
