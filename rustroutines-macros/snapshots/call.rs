fn f(x: u32) -> impl __::Suspend<Output = u32> + __::Send {
    __::may_change_threads(async move {
        let output: u32 = {
            let _ = &x;
            if false {
                return __::never::<u32>();
            }
            use __::PlainType as _;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (
                match (match (g(x),) {
                    v => __::wanted::<u32, _>(&v).rustroutines_branch(v),
                }) {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                },
            )
                .0
        };
        #[allow(unreachable_code)] output
    })
}
