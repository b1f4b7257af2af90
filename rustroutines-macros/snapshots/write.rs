fn f(x: &mut X) -> impl __::Suspend<Output = R> + __::Send {
    __::may_change_threads(async move {
        let output: R = {
            let _ = &x;
            if false {
                return __::never::<R>();
            }
            use __::PlainValue as _;
            use __::PlainType as _;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )] #[cfg(a)]
            (
                {
                    let written = writeln!(
                        x, "{}", (match __::Value((g(),)).rustroutines_branch() {
                        #[allow(unreachable_code)] s => if s.later { s.start(). await }
                        else { s.get() }, })
                    );
                    (match __::Value((written,)).rustroutines_branch() {
                        #[allow(unreachable_code)]
                        s => if s.later { s.start().await } else { s.get() }
                    })
                },
            )
                .0;
            ({
                let written = write!(x, "a");
                (match __::Value((written,)).rustroutines_branch() {
                    #[allow(unreachable_code)]
                    s => if s.later { s.start().await } else { s.get() }
                })
            })?;
            (match (match __::Value((h(),)).rustroutines_branch() {
                #[allow(unreachable_code)]
                s => if s.later { s.start().await } else { s.get() }
            }) {
                mut to => {
                    let written = write!(to, "b");
                    (match __::Value((written,)).rustroutines_branch() {
                        #[allow(unreachable_code)]
                        s => if s.later { s.start().await } else { s.get() }
                    })
                }
            })?;
            #[allow(
                unreachable_code,
                clippy::diverging_sub_expression,
                clippy::unnecessary_operation
            )]
            (
                {
                    let written = write!(x);
                    (match (match (written,) {
                        v => __::wanted::<R, _>(&v).rustroutines_branch(v),
                    }) {
                        #[allow(unreachable_code)]
                        s => if s.later { s.start().await } else { s.get() }
                    })
                },
            )
                .0
        };
        #[allow(unreachable_code)] output
    })
}
