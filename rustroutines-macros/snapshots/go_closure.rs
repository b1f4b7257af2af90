fn expression() {
    __::go(
        __::Option::None,
        move || __::routine(async move {
            #[allow(unused_imports)]
            use __::{PlainType as _, PlainValue as _};
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (match (f(x),) {
                v => {
                    let k = __::type_of();
                    if false {
                        k.is(v)
                    }
                    match k.rustroutines_branch() {
                        __::Branch::Now(t) => t.get(v),
                        #[allow(unreachable_code)]
                        __::Branch::Later(t) => t.start(v).await,
                    }
                }
            })
        }),
    )
}
