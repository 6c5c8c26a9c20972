"""The elicitation clock: keys while recording become events, events and loudness become takes. Pure: no files, no store, no threads.

`events` names what can happen, `sitting` turns keys into events while it happens, `turns` reads events back as turns of prompts, `loudness`
says where somebody speaks, `boundaries` where one answer ends and the next begins, `takes` puts it together.
"""
