fn f(x: &X) -> impl __::Suspend<Output = ()> {
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
                match __::Value((__::Value((x.g(1),)).rustroutines_blocks().block(),))
                    .rustroutines_branch()
                {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                },
            )
                .0;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (
                match __::Value((x.block(),)).rustroutines_branch() {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                },
            )
                .0;
        };
        #[allow(unreachable_code)] output
    })
}
