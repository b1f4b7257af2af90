fn f() -> impl __::Suspend<Output = ()> {
    __::routine(async move {
        let output: () = {
            if false {
                return __::never::<()>();
            }
            use __::PlainValue as _;
            assert!(
                (match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, }), "assertion failed: {}", __::stringify!(g())
            );
            assert!(
                (match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, }), "{}", (match __::Value((h(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, })
            );
            matches!(
                (match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, }), Some(n) if (match __::Value((h(n),)).rustroutines_branch()
                { #[allow(unreachable_code)] s => if s.later { s.start(). await } else {
                s.get() }, })
            );
            vec![
                (match __::Value((g(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, }); (match __::Value((h(),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, })
            ];
        };
        #[allow(unreachable_code)] output
    })
}
