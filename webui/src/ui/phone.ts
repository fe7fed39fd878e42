import { useLayoutEffect, useState } from 'react';

/** Whether the screen is a phone's. */
export function usePhone(): boolean {
  const query = '(max-width: 767px)';
  const [phone, setPhone] = useState(() => matchMedia(query).matches);
  useLayoutEffect(() => {
    const list = matchMedia(query);
    const change = () => setPhone(list.matches);
    list.addEventListener('change', change);
    return () => list.removeEventListener('change', change);
  }, []);
  return phone;
}
