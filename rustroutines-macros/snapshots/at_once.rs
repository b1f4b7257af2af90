fn f(x: &X) -> impl __::Suspend<Output = u32> + __::Send {
    __::at_once_on_any_thread(move || -> u32 {
        let _ = &x;
        if x.y {
            return 1;
        }
        Some(x.z).unwrap()
    })
}
