fn f(x: u32) -> u32 {
    use __::PlainValue as _;
    for i in __::Items(__::Value((g(x),)).rustroutines_carry_out())
        .rustroutines_iterate()
    {
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        __::Value((h(i),)).rustroutines_carry_out();
    }
    __::block_on(g(x)) + __::Value((h(x),)).rustroutines_carry_out()
}
