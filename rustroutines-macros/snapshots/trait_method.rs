trait X {
    fn f(&self, n: u32) -> impl __::Suspend<Output = u32> + __::Send;
}
