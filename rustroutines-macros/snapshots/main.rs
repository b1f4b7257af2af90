fn main() {
    let _watch = __::main();
    #[allow(unused_imports)]
    use __::{PlainType as _, PlainValue as _};
    #[allow(
        unreachable_code,
        clippy::diverging_sub_expression,
        clippy::unnecessary_operation
    )] (__::Value((f(),)).rustroutines_carry_out(),).0;
}
