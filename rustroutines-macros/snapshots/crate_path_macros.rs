fn f() -> impl rr::__private::Suspend<Output = ()> {
    rr::__private::routine(async move {
        let output: () = {
            if false {
                return rr::__private::never::<()>();
            }
            use rr::__private::PlainValue as _;
            go!(
                @ crate [rr] f((match rr::__private::Value((g(),)).rustroutines_branch()
                { #[allow(unreachable_code)] s => if s.later { s.start(). await } else {
                s.get() }, }))
            );
            let c = || rr::suspend!(@ crate [rr] { h() });
            rr::select! {
                @ crate [rr] @ suspend default => other::go!(x),
            }
        };
        #[allow(unreachable_code)] output
    })
}
