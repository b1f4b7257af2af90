fn f(x: u32) -> u32 {
    __::block_on(g(x))
        + (match (h(x),) {
            v => {
                match __::probe() {
                    k => {
                        if false {
                            __::tag(k, &v).rustroutines_learn()
                        }
                        match k.branch() {
                            __::Branch::Now(t) => t.get(v),
                            #[allow(unreachable_code)]
                            __::Branch::Later(t) => {
                                match t.start(v) {
                                    o => __::Suspend::block(o),
                                }
                            }
                        }
                    }
                }
            }
        })
}
