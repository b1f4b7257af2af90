fn main() {
    let _watch = __::main();
    use __::PlainValue as _;
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    __::Value((f(),)).rustroutines_carry_out();
}
