fn f(x: &mut X) -> R {
    use __::PlainValue as _;
    use __::PlainType as _;
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    (
        {
            let written = writeln!(x, "{}", __::Value((g(),)).rustroutines_carry_out());
            __::Value((written,)).rustroutines_carry_out()
        },
    )
        .0;
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    (
        {
            let written = std::write!(x, "a");
            (
                match (written,) {
                    v => __::wanted::<R, _>(&v).rustroutines_finish(v),
                },
            )
                .0
        },
    )
        .0
}
