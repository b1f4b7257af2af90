fn f(x: u32) -> impl __::Suspend<Output = ()> + __::Send {
    __::routine(async move {
        let output: () = {
            let _ = &x;
            if false {
                return __::never::<()>();
            }
            println!(
                "{}", (match (g(x),) { v => match __::probe() { k => { if false {
                __::tag(k, & v).rustroutines_learn() } match k.branch() {
                __::Branch::Now(t) => t.get(v), #[allow(unreachable_code)]
                __::Branch::Later(t) => t.start(v). await, } } } })
            );
            unknown!(g(x));
            go!(
                g((match (h(x),) { v => match __::probe() { k => { if false { __::tag(k,
                & v).rustroutines_learn() } match k.branch() { __::Branch::Now(t) => t
                .get(v), #[allow(unreachable_code)] __::Branch::Later(t) => t.start(v).
                await, } } } }))
            );
            plain!(g(x));
        };
        #[allow(unreachable_code)] output
    })
}
