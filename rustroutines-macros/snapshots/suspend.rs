fn expression() {
    |x| __::routine(async move {
        let output: u32 = {
            if false {
                return __::never::<u32>();
            }
            #[allow(unused_imports)]
            use __::{PlainType as _, PlainValue as _};
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (
                (match (f(x),) {
                    v => {
                        let k = __::type_of();
                        if false {
                            k.is(v)
                        }
                        match k.wanted::<u32>().rustroutines_branch() {
                            __::Branch::Now(t) => t.get(v),
                            #[allow(unreachable_code)]
                            __::Branch::Later(t) => t.start(v).await,
                        }
                    }
                }),
            )
                .0
        };
        #[allow(unreachable_code)] output
    })
}
