fn expression() {
    __::routine(async {
        use __::PlainValue as _;
        #[allow(
            unreachable_code,
            clippy::diverging_sub_expression,
            clippy::unnecessary_operation
        )]
        (match __::Value((f(x),)).rustroutines_branch() {
            #[allow(unreachable_code)]
            s => if s.later { s.start().await } else { s.get() }
        })
    })
}
