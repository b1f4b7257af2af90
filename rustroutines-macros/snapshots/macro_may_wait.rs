fn f() -> impl __::Suspend<Output = ()> {
    __::routine(async move {
        let output: () = {
            if false {
                return __::never::<()>();
            }
            unknown!(g(x))
        };
        #[allow(unreachable_code)] output
    })
}
