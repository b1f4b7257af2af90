fn f(&self, n: u32) -> impl __::Suspend<Output = u32> {
    __::routine(async move {
        let output: u32 = {
            let _ = &n;
            let _ = &self;
            if false {
                return __::never::<u32>();
            }
            use __::PlainValue as _;
            (match __::Value((self.f(n),)).rustroutines_branch_local_boxed() {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            })
                + (match __::Value((Self::f(self, n),)).rustroutines_branch_local_boxed()
                {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                })
                + (match __::Value((other.f(n),)).rustroutines_branch() {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                })
        };
        #[allow(unreachable_code)] output
    })
}
