fn f() -> impl __::Suspend<Output = Result<u8, E>> {
    __::routine(async move {
        let output: Result<u8, E> = {
            if false {
                return __::never::<Result<u8, E>>();
            }
            use __::PlainValue as _;
            g(
                    (match __::Value((h(),)).rustroutines_branch() {
                        #[allow(unreachable_code)]
                        s => if s.later { s.start().await } else { s.get() }
                    }),
                )
                .await;
            (match __::Value((
                    g(
                        (match __::Value((h(),)).rustroutines_branch() {
                            #[allow(unreachable_code)]
                            s => if s.later { s.start().await } else { s.get() }
                        }),
                    ),
                ))
                .rustroutines_branch()
            {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            })?;
            Ok(1)
        };
        #[allow(unreachable_code)] output
    })
}
