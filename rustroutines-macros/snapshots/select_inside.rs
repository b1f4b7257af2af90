fn f() -> impl __::Suspend<Output = ()> + __::Send {
    __::may_change_threads(async move {
        let output: () = {
            if false {
                return __::never::<()>();
            }
            use __::PlainValue as _;
            select! {
                @ suspend x = f((match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, })) => (match __::Value((h(x),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, }), default => {},
            }
        };
        #[allow(unreachable_code)] output
    })
}
