fn f(x: u32) -> impl __::Suspend<Output = ()> + __::Send {
    __::may_change_threads(async move {
        let output: () = {
            let _ = &x;
            if false {
                return __::never::<()>();
            }
            #[allow(unused_imports)]
            use __::{PlainType as _, PlainValue as _};
            println!(
                "{}", (match (g(x),) { v => { let k = __::type_of(); if false { k.is(v) }
                match k.rustroutines_branch() { __::Branch::Now(t) => t.get(v),
                #[allow(unreachable_code)] __::Branch::Later(t) => t.start(v). await, } }
                })
            );
            unknown!(g(x));
            go!(
                g((match (h(x),) { v => { let k = __::type_of(); if false { k.is(v) }
                match k.rustroutines_branch() { __::Branch::Now(t) => t.get(v),
                #[allow(unreachable_code)] __::Branch::Later(t) => t.start(v). await, } }
                }))
            );
            plain!(g(x));
        };
        #[allow(unreachable_code)] output
    })
}
