fn f() -> impl __::Suspend<Output = ()> + __::Send {
    __::routine(async move {
        let output: () = {
            if false {
                return __::never::<()>();
            }
            select! {
                @ suspend x = f((match (g(),) { v => match __::probe() { k => { if false
                { __::tag(k, & v).rustroutines_learn() } match k.branch() {
                __::Branch::Now(t) => t.get(v), #[allow(unreachable_code)]
                __::Branch::Later(t) => t.start(v). await, } } } })) => (match (h(x),) {
                v => match __::probe() { k => { if false { __::tag(k, & v)
                .rustroutines_learn() } match k.branch() { __::Branch::Now(t) => t
                .get(v), #[allow(unreachable_code)] __::Branch::Later(t) => t.start(v).
                await, } } } }), default => {},
            }
        };
        #[allow(unreachable_code)] output
    })
}
