fn f(x: &X) -> impl __::Suspend<Output = ()> {
    __::routine(async move {
        let output: () = {
            let _ = &x;
            if false {
                return __::never::<()>();
            }
            #[allow(unused_imports)]
            use __::{PlainType as _, PlainValue as _};
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )] #[cfg(feature = "a")]
            (
                (match (x.g(1),) {
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
                }),
            )
                .0;
        };
        #[allow(unreachable_code)] output
    })
}
