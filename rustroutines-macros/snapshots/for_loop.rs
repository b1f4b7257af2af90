fn f(rx: R) -> impl __::Suspend<Output = ()> + __::Send {
    __::may_change_threads(async move {
        let output: () = {
            let _ = &rx;
            if false {
                return __::never::<()>();
            }
            #[allow(unused_imports)]
            use __::{PlainType as _, PlainValue as _};
            (match rx {
                v => {
                    let k = __::loop_over();
                    if false {
                        k.is(v)
                    }
                    match k.rustroutines_iterate(v) {
                        mut items => {
                            'l: loop {
                                match match k.rustroutines_branch() {
                                    __::Branch::Now(t) => t.next(&mut items),
                                    #[allow(unreachable_code)]
                                    __::Branch::Later(t) => t.start_next(&mut items).await,
                                } {
                                    __::Option::None => break,
                                    __::Option::Some(item) => {
                                        let (a, b) = item;
                                        continue 'l;
                                    }
                                }
                            }
                        }
                    }
                }
            });
            for i in 0..3 {}
        };
        #[allow(unreachable_code)] output
    })
}
