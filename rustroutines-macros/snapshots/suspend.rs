fn expression() {
    |x| __::routine(async move {
        let output: u32 = {
            if false {
                return __::never::<u32>();
            }
            use __::PlainType as _;
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            (match (match (f(x),) {
                v => __::wanted::<u32, _>(&v).rustroutines_branch(v),
            }) {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            })
        };
        #[allow(unreachable_code)] output
    })
}
