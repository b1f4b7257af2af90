fn f<'r0>(a: &'r0 str) -> __::LocalBoxed<'r0, &'r0 str> {
    __::local_boxed(
        __::routine(async move {
            let output: &str = {
                let _ = &a;
                if false {
                    return __::never::<&str>();
                }
                use __::PlainType as _;
                #[allow(
                    unreachable_code,
                    clippy::diverging_sub_expression,
                    clippy::unnecessary_operation
                )]
                (
                    match (match (g(a),) {
                        v => __::wanted::<&str, _>(&v).rustroutines_branch(v),
                    }) {
                        #[allow(unreachable_code)]
                        s => if s.later { s.start().await } else { s.get() }
                    },
                )
                    .0
            };
            #[allow(unreachable_code)] output
        }),
    )
}
