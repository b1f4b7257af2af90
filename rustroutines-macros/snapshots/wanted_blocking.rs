fn f() -> Result<u8, E> {
    use __::PlainValue as _;
    use __::PlainType as _;
    #[allow(unreachable_code, clippy::diverging_sub_expression)]
    let n: u8 = (
        match (g(),) {
            v => __::wanted::<u8, _>(&v).rustroutines_finish(v),
        },
    )
        .0;
    if n == __::Value((h(),)).rustroutines_carry_out() {
        return Err(
            (
                match (k(n),) {
                    v => __::wanted::<E, _>(&v).rustroutines_finish(v),
                },
            )
                .0,
        );
    }
    match n {
        #[allow(unreachable_code, clippy::diverging_sub_expression)]
        0 => {
            Ok(
                (
                    match (g(),) {
                        v => __::wanted::<u8, _>(&v).rustroutines_finish(v),
                    },
                )
                    .0,
            )
        }
        _ => {
            #[allow(unreachable_code, clippy::diverging_sub_expression)]
            (
                match (k(n),) {
                    v => __::wanted::<Result<u8, E>, _>(&v).rustroutines_finish(v),
                },
            )
                .0
        }
    }
}
