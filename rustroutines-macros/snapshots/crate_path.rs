fn f(
    x: X,
) -> impl crate::tools::inner::__private::Suspend<
    Output = u32,
> + crate::tools::inner::__private::Send {
    crate::tools::inner::__private::may_change_threads(async move {
        let output: u32 = {
            let _ = &x;
            if false {
                return crate::tools::inner::__private::never::<u32>();
            }
            use crate::tools::inner::__private::PlainValue as _;
            use crate::tools::inner::__private::PlainType as _;
            (match x {
                v => {
                    let k = crate::tools::inner::__private::loop_over();
                    if false {
                        k.is(v)
                    }
                    match k.rustroutines_iterate(v) {
                        mut items => {
                            loop {
                                match match k.rustroutines_suspends() {
                                    #[allow(unreachable_code)]
                                    true => k.rustroutines_start_next(&mut items).await,
                                    false => k.rustroutines_next(&mut items),
                                } {
                                    crate::tools::inner::__private::Option::None => break,
                                    crate::tools::inner::__private::Option::Some(item) => {
                                        let i = item;
                                        #[allow(
                                            unreachable_code,
                                            clippy::diverging_sub_expression,
                                            clippy::unnecessary_operation
                                        )]
                                        (
                                            match crate::tools::inner::__private::Value((g(i),))
                                                .rustroutines_branch()
                                            {
                                                #[allow(unreachable_code)]
                                                s => if s.later { s.start().await } else { s.get() }
                                            },
                                        )
                                            .0;
                                    }
                                }
                            }
                        }
                    }
                }
            });
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (
                match (match (h(),) {
                    v => {
                        crate::tools::inner::__private::wanted::<u32, _>(&v)
                            .rustroutines_branch(v)
                    }
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
