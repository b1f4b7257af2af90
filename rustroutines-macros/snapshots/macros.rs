fn f(x: u32) -> impl __::Suspend<Output = ()> + __::Send {
    __::may_change_threads(async move {
        let output: () = {
            let _ = &x;
            if false {
                return __::never::<()>();
            }
            use __::PlainValue as _;
            println!(
                "{}", (match __::Value((g(x),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, })
            );
            unknown!(g(x));
            go!(
                g((match __::Value((h(x),)).rustroutines_branch() {
                #[allow(unreachable_code)] s => if s.later { s.start(). await } else { s
                .get() }, }))
            );
            plain!(g(x));
        };
        #[allow(unreachable_code)] output
    })
}
