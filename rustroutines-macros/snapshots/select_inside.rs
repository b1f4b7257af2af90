fn f() -> impl __::Suspend<Output = ()> + __::Send {
    __::may_change_threads(async move {
        let output: () = {
            if false {
                return __::never::<()>();
            }
            #[allow(unused_imports)]
            use __::{PlainType as _, PlainValue as _};
            select! {
                @ suspend x = f((match (g(),) { v => { let k = __::type_of(); if false {
                k.is(v) } match k.rustroutines_branch() { __::Branch::Now(t) => t.get(v),
                #[allow(unreachable_code)] __::Branch::Later(t) => t.start(v). await, } }
                })) => (match (h(x),) { v => { let k = __::type_of(); if false { k.is(v)
                } match k.rustroutines_branch() { __::Branch::Now(t) => t.get(v),
                #[allow(unreachable_code)] __::Branch::Later(t) => t.start(v). await, } }
                }), default => {},
            }
        };
        #[allow(unreachable_code)] output
    })
}
