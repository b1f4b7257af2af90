fn f(x: &X) -> impl __::Suspend<Output = P> + __::Send {
    __::may_change_threads(async move {
        let output: P = {
            let _ = &x;
            if false {
                return __::never::<P>();
            }
            use __::PlainValue as _;
            fn g() {}
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            let r: Result<_, E> = (match __::Value((h(),)).rustroutines_branch() {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            });
            P {
                a: x.m(g),
                b: Some(x.m(T::g)),
                c: (match __::Value((x.m(r),)).rustroutines_branch() {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                }),
            }
        };
        #[allow(unreachable_code)] output
    })
}
