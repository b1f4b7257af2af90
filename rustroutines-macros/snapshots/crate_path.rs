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
            #[allow(unused_imports)]
            use crate::tools::inner::__private::{PlainType as _, PlainValue as _};
            (match x {
                v => {
                    let k = crate::tools::inner::__private::loop_over();
                    if false {
                        k.is(v)
                    }
                    match k.rustroutines_iterate(v) {
                        mut items => {
                            loop {
                                match match k.rustroutines_branch() {
                                    crate::tools::inner::__private::Branch::Now(t) => {
                                        t.next(&mut items)
                                    }
                                    #[allow(unreachable_code)]
                                    crate::tools::inner::__private::Branch::Later(t) => {
                                        t.start_next(&mut items).await
                                    }
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
                                            (match (g(i),) {
                                                v => {
                                                    let k = crate::tools::inner::__private::type_of();
                                                    if false {
                                                        k.is(v)
                                                    }
                                                    match k.rustroutines_branch() {
                                                        crate::tools::inner::__private::Branch::Now(t) => t.get(v),
                                                        #[allow(unreachable_code)]
                                                        crate::tools::inner::__private::Branch::Later(t) => {
                                                            t.start(v).await
                                                        }
                                                    }
                                                }
                                            }),
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
                (match (h(),) {
                    v => {
                        let k = crate::tools::inner::__private::type_of();
                        if false {
                            k.is(v)
                        }
                        match k.wanted::<u32>().rustroutines_branch() {
                            crate::tools::inner::__private::Branch::Now(t) => t.get(v),
                            #[allow(unreachable_code)]
                            crate::tools::inner::__private::Branch::Later(t) => {
                                t.start(v).await
                            }
                        }
                    }
                }),
            )
                .0
        };
        #[allow(unreachable_code)] output
    })
}
