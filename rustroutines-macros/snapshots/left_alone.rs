fn f(x: u32) -> impl __::Suspend<Output = Box<X>> + __::Send {
    __::may_change_threads(async move {
        let output: Box<X> = {
            let _ = &x;
            if false {
                return __::never::<Box<X>>();
            }
            let c = || g(x);
            Some(x.into());
            Box::new(async { g(x) })
        };
        #[allow(unreachable_code)] output
    })
}
