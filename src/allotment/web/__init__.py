"""The design system: page layout, tokens, components, custom elements, one stylesheet, readable errors.

Invariant: every page is plain HTML that works without JavaScript, and nothing is inline, so the
Content-Security-Policy needs no exception. Refuses to know any feature: features register their
navigation entries here and bring their own pages.
"""
